import { CHANGES } from './changes';
import { tell } from './tell';

tell(CHANGES);

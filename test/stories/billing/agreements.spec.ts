import { AGREEMENTS } from './agreements';
import { tell } from './tell';

tell(AGREEMENTS);

import { USAGE } from './usage';
import { tell } from './tell';

tell(USAGE);

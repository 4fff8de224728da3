import { LIFE } from './life';
import { tell } from './tell';

tell(LIFE);

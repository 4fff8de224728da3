import { MONEY } from './money';
import { tell } from './tell';

tell(MONEY);

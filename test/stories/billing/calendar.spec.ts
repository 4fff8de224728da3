import { CALENDAR } from './calendar';
import { tell } from './tell';

tell(CALENDAR);

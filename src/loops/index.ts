export { LoopsModule } from './loops.module';

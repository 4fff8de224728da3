export { SimulationsModule } from './simulations.module';
export { SimulationsService } from './simulations.service';

export * from './domain';
export { RatingModule } from './rating.module';

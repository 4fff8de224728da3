export * from './domain';
export { foldUsageJob } from './fold-usage.job';
export { MeteringModule } from './metering.module';
export { appendPending, foldPending, type MeterUsage } from './persistence/usage-store';
export { type UsageInPeriod, UsageService } from './usage.service';

export * from './domain';
export { foldUsageJob } from './fold-usage.job';
export { MeterFiller } from './meter-filler';
export { MeteringModule } from './metering.module';
export { addSamples, removeSamples, sampleCopies } from './persistence/sample-store';
export { pendingCopy, type MeterUsage } from './persistence/usage-store';
export { type UsageInPeriod, UsageService } from './usage.service';
export { UsageFolder } from './usage-folder';
export { changeUsage, type EventChanges } from './usage-changes';

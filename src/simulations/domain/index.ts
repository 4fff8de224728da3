export * from './cost-changes';
export * from './histogram';
export * from './margin';
export * from './percent';
export * from './simulate-customer';
export * from './simulate-plan';
export * from './simulated-periods';
export * from './summarise';

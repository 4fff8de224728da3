export * from './accounts';
export * from './pay-invoice';
export * from './posting';
export * from './trial-balance';
export * from './prepaid';
export * from './wallet-state';
export * from './wallet-moves';
export * from './wallet-reserve';

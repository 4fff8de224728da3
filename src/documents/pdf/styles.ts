import { ACCENT, SOFT } from './pen';

export const BODY = { size: 9 } as const;
export const NAME = { size: 9.5, weight: 600 } as const;
export const SMALL = { size: 7.8, color: SOFT } as const;
export const CAPTION = { size: 7.5, weight: 600, color: SOFT } as const;
export const SECTION = { size: 9, weight: 600, color: ACCENT } as const;

import { SetMetadata } from '@nestjs/common';

/** Metadata under which a route says that it needs no key. */
export const IS_PUBLIC = 'weir:public';

/** The route may be asked by anyone. Every other route needs a key. */
export function Public(): MethodDecorator & ClassDecorator {
  return SetMetadata(IS_PUBLIC, true);
}

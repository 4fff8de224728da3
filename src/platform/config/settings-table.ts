import { z } from 'zod';
import { SettingsSchema } from './settings';

/** The settings as a Markdown table, for docs/settings.md. */
export function settingsTable(): string {
  const rows = Object.entries(SettingsSchema.shape).map(([name, schema]) => {
    const fallback = defaultText(schema);
    return `| \`${name}\` | ${fallback === null ? '' : `\`${fallback}\``} | ${schema.description ?? ''} |`;
  });
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The default as it would be typed, before any transformation: `35d`, not 3024000000. */
function defaultText(schema: z.ZodType): string | null {
  const inner: z.core.$ZodType = schema instanceof z.ZodPipe ? schema.in : schema;
  return inner instanceof z.ZodDefault ? (inner.def.defaultValue as string) : null;
}

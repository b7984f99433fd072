import { loadConfig } from '../../src/commands/load-config.ts';
import type { ConfigWith } from '../../src/config/config.ts';

/** The service's own configuration, for those who use parts of it. */
export const configuration: ConfigWith<'database'> = loadConfig(process.env);

import { z } from 'zod';
import { choice } from '../rules/choice.ts';
import { setting } from '../setting.ts';

export const logSettings = {
  level: setting(choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), {
    variable: 'LOG_LEVEL',
    default: 'info',
    reason: 'every change of state is seen, no call fills the disk',
    meaning: 'The least important kind of line that is written.',
  }),
  format: setting(choice(['auto', 'json', 'pretty']), {
    variable: 'LOG_FORMAT',
    default: 'auto',
    reason: 'people get lines to read, machines get JSON',
    meaning: 'auto is pretty on a terminal and json elsewhere.',
  }),
};

export const logRule = z.object(logSettings).readonly();

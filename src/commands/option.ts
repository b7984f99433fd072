import { InvalidArgumentError, Option } from 'commander';
import { OptionFault } from '../simulator/options.ts';

/** An option of a command, whose value is read by a rule. @param read throws an OptionFault that says what would do */
export function option<Value>(flags: string, description: string, read: (text: string) => Value): Option {
  return new Option(flags, description).argParser((text: string) => {
    try {
      return read(text);
    } catch (error) {
      throw error instanceof OptionFault ? new InvalidArgumentError(`${error.message}.`) : error;
    }
  });
}

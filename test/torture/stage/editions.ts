import { join } from 'node:path';
import { STORED_FORM } from '../../../src/idempotency/index.ts';
import { buildVariant, type SourceChange } from '../../support/source-variant.ts';
import { type Edition, presentEdition } from './server-slot.ts';

/** The tag of the field that newer answers have: number 1000, far above those that there are, and a varint. */
const ADDED_FIELD_TAG = [0xc0, 0x3e] as const;

/** What the version that stores answers in a form has otherwise than the present one. */
export function changesOfEdition(form: number): readonly SourceChange[] {
  return [
    {
      file: 'src/idempotency/outcome.ts',
      find: 'export const STORED_FORM = 1;',
      replace: `export const STORED_FORM = ${form};`,
    },
    {
      file: 'src/database/ledger-reads.ts',
      find: 'row.stored_form !== STORED_FORM',
      replace: 'row.stored_form > STORED_FORM',
    },
    {
      file: 'src/idempotency/encode-response.ts',
      find: '    return encode(response);',
      replace: `    return Buffer.concat([encode(response), Uint8Array.of(${ADDED_FIELD_TAG.join(', ')}, ${form})]);`,
    },
  ];
}

/** The versions of the service that a run deploys, one after the other. */
export class Editions {
  readonly #folder: string;
  #form: number = STORED_FORM;
  #present: Edition = presentEdition;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The one that was deployed last. */
  get present(): Edition {
    return this.#present;
  }

  /**
   * Makes the next version: its answers have one field more, it stores them in a newer form, which the one before cannot read, and it
   * reads all older ones from the ledger.
   */
  async next(): Promise<Edition> {
    this.#form += 1;
    const tree = await buildVariant(join(this.#folder, `form-${this.#form}`), changesOfEdition(this.#form));
    this.#present = { ...presentEdition, tree };
    return this.#present;
  }
}

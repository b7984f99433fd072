import { z } from 'zod';

/** Control and format characters, and line and paragraph separators: they hide in an identifier. */
const HIDDEN_IN_IDENTIFIER = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Control characters other than tab, line feed and carriage return. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL_IN_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Characters are Unicode code points, as PostgreSQL counts them. */
function characters(text: string): number {
  return [...text].length;
}

function lengthBetween(least: number, most: number) {
  const expected = least === 0 ? `at most ${most}` : `${least} to ${most}`;
  return (text: string, context: z.RefinementCtx<string>) => {
    const count = characters(text);
    if (count < least || count > most) {
      context.addIssue({ code: 'custom', message: `It has ${count} characters; ${expected} are allowed.` });
    }
  };
}

/** A text that names something: no hidden characters, no blanks at its edges. */
export function identifier(charactersMax: number) {
  return z
    .string()
    .superRefine(lengthBetween(1, charactersMax))
    .refine((text) => !HIDDEN_IN_IDENTIFIER.test(text), 'It has a control or format character; none are allowed.')
    .refine((text) => text.trim() === text, 'It has a blank at its edge; none are allowed there.');
}

/** A text that people write; lines and tabs are welcome. */
export function freeText(charactersMax: number) {
  return z
    .string()
    .superRefine(lengthBetween(0, charactersMax))
    .refine((text) => !CONTROL_IN_TEXT.test(text), 'It has a control character other than tab and line break.');
}

/** A short text without line breaks. */
export function shortText(charactersMax: number) {
  return z
    .string()
    .superRefine(lengthBetween(0, charactersMax))
    .refine((text) => !/\p{Cc}/u.test(text), 'It has a control character; none are allowed.');
}

import { masked } from '../config/mask.ts';

const CHARACTERS_MAX = 100;

/** A text from elsewhere as it may be printed: on one line, not too long, and without the passwords of URLs in it. */
export function oneLine(text: string, charactersMax = CHARACTERS_MAX): string {
  const open = text
    .replaceAll(/[a-z][a-z0-9+.-]*:\/\/\S+/gi, (url) => masked({ secrecy: 'passwordInUrl' }, url))
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const characters = [...open];
  return characters.length > charactersMax ? `${characters.slice(0, charactersMax - 1).join('')}…` : open;
}

import { isAmbiguous } from './rules/connection-url.ts';
import type { SettingDescription } from './setting.ts';

const hidden = '***';
const maxShownCharacters = 120;

/** The value of a setting as it may be printed: without its secrets, on one line, and cut where it is very long. */
export function masked(setting: Pick<SettingDescription, 'secrecy'>, value: string): string {
  if (setting.secrecy === 'whole') return hidden;
  // Also where no URL is expected, and nothing with an @: values land in the wrong variable.
  if (value.includes('://')) return onOneLine(maskedUrl(value));
  return setting.secrecy === 'open' && !value.includes('@') ? onOneLine(value) : hidden;
}

/** A URL without its password. Hides everything behind the scheme when it is not clear where the password ends. */
function maskedUrl(text: string): string {
  const [, scheme = '', authority = '', behind = ''] = /^(.*?:\/\/)([^/?#]*)(.*)$/s.exec(text) ?? [];
  if (!/^[a-z][a-z0-9+.-]*:\/\/$/i.test(scheme)) return hidden;
  if (isAmbiguous(text) || !URL.canParse(text)) return scheme + hidden;
  return scheme + maskedAuthority(authority) + maskedParameters(behind);
}

function maskedAuthority(authority: string): string {
  const hostAt = authority.lastIndexOf('@') + 1;
  if (hostAt === 0) return authority;
  // A name alone is as likely a token or a password that lost its colon.
  const [user] = authority.split(':', 1);
  const shown = authority.indexOf(':') < hostAt - 1 && authority.includes(':') ? `${user}:${hidden}` : hidden;
  return `${shown}@${authority.slice(hostAt)}`;
}

function maskedParameters(behindAuthority: string): string {
  return behindAuthority.replace(/([?&][^=&]*(?:pass|pwd|secret|token|key|auth|cred)[^=&]*=)[^&]*/gi, `$1${hidden}`);
}

function onOneLine(text: string): string {
  const characters = [...text];
  const cut = characters.length > maxShownCharacters ? `${characters.slice(0, maxShownCharacters).join('')}…` : text;
  return cut.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

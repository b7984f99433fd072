import { readFileSync } from 'node:fs';

/** The scripts of the protocol: one file per transition, and one that only looks, each with its contract on top. */
export const scriptNames = ['begin', 'renew', 'complete', 'fail', 'release', 'look'] as const;
export type ScriptName = (typeof scriptNames)[number];

/** The text of a script: it works on one record's hash. */
export function scriptText(name: ScriptName): string {
  return readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
}

/** The text of a script that does for each of its KEYS what the named one does for one. ARGV has the arguments of one behind those of another. */
export function batchText(name: ScriptName): string {
  return `local function transition(KEYS, ARGV)
${scriptText(name)}
end
local width = #ARGV / #KEYS
local replies = {}
for index = 1, #KEYS do
  replies[index] = transition({KEYS[index]}, {unpack(ARGV, (index - 1) * width + 1, index * width)})
end
return replies
`;
}

const { PATH = '/usr/local/bin:/usr/bin:/bin' } = process.env;

/**
 * The whole environment of PostgreSQL's programs: a stray PGPORT or PGOPTIONS of the user must not reach them, and
 * messages and the time zone that initdb writes down should be the same on every machine.
 */
export const postgresEnvironment: NodeJS.ProcessEnv = {
  PATH,
  LC_ALL: 'C',
  TZ: 'UTC',
};

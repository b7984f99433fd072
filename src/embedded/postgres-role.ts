/**
 * The role that the service logs in with. Its password may be well known, because the role has no rights beyond its own
 * databases; the superuser, who could run programs on this machine, cannot log in at all.
 */
export const applicationRole = { name: 'orders', password: 'orders' } as const;

/** Run once, by the superuser in single-user mode: that needs no login, hence no password file. */
export const roleStatement = `CREATE ROLE ${applicationRole.name} LOGIN CREATEDB PASSWORD '${applicationRole.password}';\n`;

/** The whole of pg_hba.conf: everybody else is turned away. */
export const clientAuthentication = `# Written once, when the data folder was made.
host all ${applicationRole.name} 127.0.0.1/32 scram-sha-256
`;

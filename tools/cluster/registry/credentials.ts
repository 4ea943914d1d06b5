// What a test registry asks for.

/** User and password of a registry that asks for them. No secret: it is for tests alone. */
export const testCredentials = { username: 'kimup-test', password: 'test-password-not-secret' } as const;

/** How a registry asks for \`testCredentials\`: basic, or by a bearer token from a token server that asks for them. */
export type RegistryAuth = 'basic' | 'token';

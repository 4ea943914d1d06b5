export function cacheFolder(env?: Record<string, string | undefined>): string;
export function isAlive(owner: string): boolean;
export function self(): string;
export function withLock<T>(file: string, work: () => T | Promise<T>, onWait?: (pid: number) => void): Promise<T>;

/** A parsed image reference. `registry` is the host (with port) as it is asked: `registry-1.docker.io` is spelt `docker.io` here. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

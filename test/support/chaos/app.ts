/** What every application of the chaos tests is born on, and what it ends on. */
export const BASE = 'v1.0.0';
export const NEXT = 'v1.1.0';

/** An application of one scenario: its namespace, which is its Image's and repository's name too. */
export interface App {
  readonly name: string;
  /** Without a tag. */
  readonly repository: string;
  /** What NEXT points at. */
  readonly digest: string | undefined;
}

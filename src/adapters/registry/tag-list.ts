import { type Limits } from './limits.ts';
import { nextLink } from './link.ts';
import { invalidAnswer } from './registry-errors.ts';
import type { Session } from './session.ts';
import { isPossible, readTags } from './tags-page.ts';
import type { Answer } from './transport.ts';

/** Asks for a page of a list of tags: the answer, whatever its status but 401 and 403. */
export type AskPage = (url: URL, page: number) => Promise<Answer>;

/** What a page was and what came. */
interface Page {
  /** Where it was found, after redirects. */
  readonly url: URL;
  /** The `n` that it was asked with. */
  readonly size: number | undefined;
  readonly entries: number;
  readonly names: readonly string[];
  /** The target of its link to the next one, as it stands there. */
  readonly link: string | undefined;
}

/**
 * Reads the whole list of tags of a repository (distribution spec, "Listing Tags"), page by page, from registries that keep to
 * the specification more or less. It gives all tags or fails:
 * - a refusal of the first page may be about its size, so it is asked for with a smaller one, then without;
 * - a link says where to go on, and only that: its query counts, at the list's own URL, so that it leads to no other host, port
 *   or repository;
 * - without links a full page may not be the last, so what comes after its last tag is asked for; a longer one is of a registry
 *   that takes no notice of `n`, and gives all. One that has sent a link before sends it wherever there is more;
 * - a page that brings nothing new is the end where it is empty, or holds only the tag after which was asked; else the registry
 *   takes no notice of `last`, and nobody knows what it holds back.
 */
export class TagList {
  private readonly names = new Set<string>();
  private readonly asked = new Set<string>();
  private entries = 0;
  private linked = false;

  constructor(
    private readonly session: Session,
    private readonly limits: Pick<Limits, 'pages' | 'tags'>,
    private readonly ask: AskPage,
    private readonly successful: (answer: Answer, page: number) => Answer,
  ) {}

  /**
   * @param url of the list
   * @param sizes of pages, the first that the registry takes counts; undefined is none
   * @returns the tags in the registry's order, and the size that it took
   * @throws RegistryError
   */
  async read(
    url: URL,
    sizes: readonly (number | undefined)[],
  ): Promise<{ readonly tags: readonly string[]; readonly size: number | undefined }> {
    let page = await this.firstPage(url, sizes);
    const { size } = page;
    this.add(page);
    for (let next = this.after(page); next !== undefined; next = this.after(page)) {
      const before = page;
      page = await this.page(next, size, this.asked.size + 1);
      if (
        before.link === undefined &&
        page.link === undefined &&
        !this.isNews(page) &&
        (await this.isEnd(before, page))
      )
        break;
      this.add(page);
    }
    return { tags: [...this.names].filter(isPossible), size };
  }

  private async firstPage(url: URL, sizes: readonly (number | undefined)[]): Promise<Page> {
    for (const [at, size] of sizes.entries()) {
      const sized = size === undefined ? url : withParameters(url, { n: String(size) });
      const answer = await this.ask(sized, 1);
      if (at < sizes.length - 1 && mayBeAboutSize(answer.status)) continue;
      this.asked.add(sized.href);
      return this.pageOf(this.successful(answer, 1), size);
    }
    throw new Error('there is always a size to ask with, if only none');
  }

  private async page(url: URL, size: number | undefined, number: number): Promise<Page> {
    if (this.asked.has(url.href))
      throw invalidAnswer(this.session.subject, 'sends the same page of tags again and again');
    if (this.asked.size === this.limits.pages)
      throw invalidAnswer(this.session.subject, `has more than ${this.limits.pages} pages of tags`);
    this.asked.add(url.href);
    return this.pageOf(this.successful(await this.ask(url, number), number), size);
  }

  private pageOf(answer: Answer, size: number | undefined): Page {
    return { url: answer.url, size, link: nextLink(answer.headers['link']), ...readTags(this.session.subject, answer) };
  }

  private add({ entries, names, link }: Page): void {
    this.entries += entries;
    if (this.entries > this.limits.tags)
      throw invalidAnswer(this.session.subject, `has more than ${this.limits.tags} tags`);
    for (const name of names) this.names.add(name);
    this.linked ||= link !== undefined;
  }

  /** Where the next page is; undefined where this one is the last. */
  private after(page: Page): URL | undefined {
    const { url, size, entries, link } = page;
    if (link !== undefined) return this.atOwnUrl(url, link);
    if (this.linked || size === undefined || entries !== size) return undefined;
    return withParameters(url, { n: String(size), last: this.lastOf(page) });
  }

  private lastOf({ entries, names }: Page): string {
    const last = names.at(-1);
    if (last === undefined)
      throw invalidAnswer(
        this.session.subject,
        `sent a page of ${entries} entries of which none is a valid tag, and no link to the next page`,
      );
    return last;
  }

  private atOwnUrl(url: URL, link: string): URL {
    const target = URL.parse(link, url.href);
    const next = new URL(url);
    next.search = target?.search ?? '';
    if (next.search !== '') return next;
    // The host alone: the rest may hold what is nobody's business.
    const shown = target === null ? 'no URL' : `${target.protocol}//${target.host}`;
    throw invalidAnswer(
      this.session.subject,
      `sent a link to the next page of tags (${this.session.shown(shown)}) that does not say where that page starts`,
    );
  }

  private isNews({ names }: Page): boolean {
    const last = names.at(-1);
    return last !== undefined && !this.names.has(last);
  }

  /**
   * Whether a page without news shows that the one before was the last.
   * @throws RegistryError where it does not
   */
  private async isEnd(before: Page, page: Page): Promise<boolean> {
    const after = this.lastOf(before);
    const { size = 0, entries, names } = page;
    if (entries < size && names.every((name) => name === after)) return true;
    this.lastOf(page);
    if (await this.linksWhereItCuts(before, page)) return true;
    throw invalidAnswer(
      this.session.subject,
      `sends the same tags again when asked for the tags after ${after}, so kimup can read only ${this.names.size} tags and does not use this incomplete list`,
    );
  }

  /**
   * A registry that pages by links of its own making knows no `last`. Where it has just as many tags as were asked for, it sends no
   * link, and the same page again. That this is all is proven where it sends one as soon as it is asked for fewer.
   */
  private async linksWhereItCuts({ url, size = 0 }: Page, { names }: Page): Promise<boolean> {
    if (size < 2 || names.length !== this.names.size || !names.every((name) => this.names.has(name))) return false;
    const fewer = await this.page(withParameters(url, { n: String(size - 1) }, 'last'), size - 1, 1);
    return fewer.link !== undefined && fewer.names.length < names.length;
  }
}

function withParameters(url: URL, parameters: Readonly<Record<string, string>>, without?: string): URL {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  if (without !== undefined) changed.searchParams.delete(without);
  return changed;
}

/** Not those that are about who asks, what for, how often or when. */
function mayBeAboutSize(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 404, 408, 429].includes(status);
}

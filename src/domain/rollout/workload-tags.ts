import { pinned, resolveTag } from '../assignment/assign-tag.ts';
import type { LeftAlone } from '../image/image-status.ts';
import { type ImageReference, readReference, sameRepository } from '../reference/image-reference.ts';
import {
  type Contender,
  contenderFor,
  type Rewrite,
  rewrite,
  IMAGE_ANNOTATION,
  selectImage,
  type Selection,
  type TrackedImage,
  whyItStays,
} from '../assignment/image-ownership.ts';
import type { PinnedTag } from '../reference/pinned-tag.ts';
import { pinnedTagIn, type Workload } from './workload.ts';
import { truncate } from '../../support/text.ts';

/** Of a message in a status: there may be thousands. */
const MAX_MESSAGE = 500;

/** The Images of a namespace for one repository, seen from one of them. */
export class RepositoryImages {
  readonly own: TrackedImage;
  readonly others: readonly TrackedImage[];
  private readonly repository: ImageReference | undefined;
  private readonly lastPart: string;

  /** @param images all of them; the one itself may be among them */
  constructor(own: TrackedImage, images: readonly TrackedImage[]) {
    this.own = own;
    this.others = images.filter(({ image }) => image.name !== own.image.name);
    this.repository = readReference(own.image.spec.image);
    this.lastPart = this.repository?.repository.split('/').at(-1) ?? '';
  }

  /** A container's image, parsed; `undefined` where it is of another repository. */
  referenceOf(text: string): ImageReference | undefined {
    // Most containers of a namespace are of others: a look at the text costs less than reading it.
    if (this.repository === undefined || !text.includes(this.lastPart)) return undefined;
    const reference = readReference(text);
    return reference !== undefined && sameRepository(reference, this.repository) ? reference : undefined;
  }
}

/** What one Image makes of the containers of one workload, where others may be for the same repository. */
export class WorkloadTags {
  private readonly images: RepositoryImages;
  private readonly workload: Workload;
  private readonly selections = new Map<string, Selection | undefined>();
  private others: readonly Contender[] | undefined;

  constructor(images: RepositoryImages, workload: Workload) {
    this.images = images;
    this.workload = workload;
  }

  /** What a container with `text` as its manifest's image runs once `to` is put on it; `undefined` where it stays as it is, or is another Image's. */
  imageAt(text: string, to: PinnedTag): string | undefined {
    const selection = this.select(text, to);
    if (selection?.kind !== 'one' || selection.contender.image.name !== this.images.own.image.name) return undefined;
    return selection.fit.kind === 'put' ? selection.fit.image : text;
  }

  /** What becomes of an image under this Image alone, without a digest being put; `undefined` where it is of another repository. */
  fit(text: string, { tag }: PinnedTag): Rewrite | undefined {
    const reference = this.images.referenceOf(text);
    return reference === undefined
      ? undefined
      : rewrite(text, reference, { track: this.images.own.track, to: { tag } });
  }

  /** Whether the template names this Image's repository at all. */
  namesRepository(): boolean {
    return this.containers().some(({ image }) => this.images.referenceOf(image) !== undefined);
  }

  /** Whether kimup puts `to` on any of the template's containers for this Image. */
  concernedBy(to: PinnedTag): boolean {
    return this.containers().some(({ image }) => this.imageAt(image, to) !== undefined);
  }

  /** The Images on whose tracks a container is that would get `to` if it were known which of them is its own; none where that is known. */
  tiedAt(to: PinnedTag): readonly string[] {
    return this.containers().flatMap(({ image }) => {
      const selection = this.select(image, to);
      const names = selection?.kind === 'tie' ? selection.contenders.map((one) => one.image.name) : [];
      return names.includes(this.images.own.image.name) ? names : [];
    });
  }

  /** The containers of the repository that stay as they are under `to` and are no other Image's, and why; `undefined` where there are none. */
  leftAt(to: PinnedTag): LeftAlone | undefined {
    const { kind, name } = this.workload;
    const kept = this.containers().flatMap(({ name: container, image }) => {
      const selection = this.select(image, to);
      const left =
        selection?.kind === 'none'
          ? selection.left.find(({ contender }) => contender.image.name === this.images.own.image.name)
          : undefined;
      return left === undefined
        ? []
        : [
            `container ${container} keeps ${image}: ${whyItStays(left.because, readReference(image)?.tag, to.tag, this.images.own.image.name)}`,
          ];
    });
    return kept.length === 0 ? undefined : { kind, name, message: truncate(kept.join('; '), MAX_MESSAGE) };
  }

  private containers(): readonly { readonly name: string; readonly image: string }[] {
    return this.workload.template.containers.filter(
      (one): one is { readonly name: string; readonly image: string } => one.image !== undefined,
    );
  }

  private select(text: string, to: PinnedTag): Selection | undefined {
    const key = `${text} ${to.tag}@${to.digest ?? ''}`;
    if (!this.selections.has(key)) this.selections.set(key, this.selectAnew(text, to));
    return this.selections.get(key);
  }

  private selectAnew(text: string, to: PinnedTag): Selection | undefined {
    const reference = this.images.referenceOf(text);
    if (reference === undefined) return undefined;
    const own: Contender = { ...this.images.own, to: pinned(this.images.own.image, to) };
    return selectImage(
      text,
      reference,
      [own, ...this.contenders()],
      this.workload.template.annotations[IMAGE_ANNOTATION],
    );
  }

  /** The other Images, with the tag that each puts on the workload's pods now. */
  private contenders(): readonly Contender[] {
    return (this.others ??= this.images.others.map((one) =>
      contenderFor(one, resolveTag(one.image, pinnedTagIn(this.workload, one.image.name))),
    ));
  }
}

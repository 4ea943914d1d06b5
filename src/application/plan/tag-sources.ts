import type { Image } from '../../domain/image/image.ts';
import { InvalidImageReferenceError } from '../../domain/reference/reference-grammar.ts';
import { type ImageReference, parseImageReference, repositoryId } from '../../domain/reference/image-reference.ts';
import {
  type CredentialsSource,
  type RegistryAccess,
  type RegistryCredentials,
  RegistryError,
  type TagRegistry,
} from '../ports/tag-registry.ts';
import { InputError } from './input-error.ts';
import type { KnownTags } from '../decision/evaluate-image.ts';
import { TagSource } from './plan-images.ts';

/** Who may read which repository. */
export type CredentialsFor = (reference: ImageReference) => Promise<readonly RegistryCredentials[]>;

/** Tags from registries, each repository asked once. */
export class RegistryTagSource extends TagSource {
  private readonly registry: TagRegistry;
  private readonly credentialsFor: CredentialsFor;
  private readonly source: CredentialsSource;
  private readonly answers = new Map<string, Promise<unknown>>();

  /** @param source where those credentials come from, for errors */
  constructor(registry: TagRegistry, credentialsFor: CredentialsFor, source: CredentialsSource = 'imagePullSecrets') {
    super();
    this.registry = registry;
    this.credentialsFor = credentialsFor;
    this.source = source;
  }

  override async of({ spec: { image, insecureSkipTLSVerify } }: Image): Promise<KnownTags> {
    const reference = referenceOf(image);
    const id = `${repositoryId(reference)} ${insecureSkipTLSVerify}`;
    const access: RegistryAccess = {
      credentials: await this.once(`${id} credentials`, () => this.credentialsFor(reference)),
      source: this.source,
      insecureSkipTLSVerify,
    };
    return {
      tags: await this.once(`${id} tags`, () => this.registry.listTags(reference, access)),
      facts: {
        digest: (tag) => this.once(`${id}:${tag}`, () => this.registry.digest(reference, tag, access)),
        platforms: (digest) => this.once(`${id}@${digest}`, () => this.registry.platforms(reference, digest, access)),
      },
    };
  }

  private once<T>(input: string, ask: () => Promise<T>): Promise<T> {
    const known = this.answers.get(input) ?? ask();
    this.answers.set(input, known);
    return known as Promise<T>;
  }
}

/** Tags by `spec.image`; or the same ones for all. */
export type TagsOfFile = ReadonlyMap<string, readonly string[]> | readonly string[];

/** Tags from a file. What only a registry knows is unknown. */
export class FileTagSource extends TagSource {
  private readonly file: string;
  private readonly forAll: readonly string[] | undefined;
  private readonly byImage: ReadonlyMap<string, readonly string[]>;
  private readonly byRepository = new Map<string, readonly string[]>();

  constructor(file: string, tags: TagsOfFile) {
    super();
    this.file = file;
    this.forAll = tags instanceof Map ? undefined : (tags as readonly string[]);
    this.byImage = tags instanceof Map ? tags : new Map();
    for (const [image, its] of this.byImage) {
      try {
        this.byRepository.set(repositoryId(parseImageReference(image)), its);
      } catch (error) {
        if (!(error instanceof InvalidImageReferenceError)) throw error;
      }
    }
  }

  /** @throws InputError where the file says nothing of the repository */
  override async of({ namespace, name, spec: { image } }: Image): Promise<KnownTags> {
    const tags = this.forAll ?? this.byImage.get(image) ?? this.byRepository.get(repositoryId(referenceOf(image)));
    if (tags === undefined) {
      throw InputError.at(
        { file: this.file, field: image },
        `has no entry, but the Image ${namespace}/${name} uses it; add it with a list of tags ([] for none)`,
      );
    }
    return { tags, facts: { unknown: 'the tags come from a file without this information' } };
  }
}

/** spec.image was checked when the manifest was read. */
function referenceOf(image: string): ImageReference {
  try {
    return parseImageReference(image);
  } catch (error) {
    if (error instanceof InvalidImageReferenceError)
      throw new RegistryError(`spec.image: ${error.message}`, 'not-found');
    throw error;
  }
}

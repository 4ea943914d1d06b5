import { ANNOTATION_PREFIX, type Image } from '../image/image.ts';
import { readReference, repositoryId } from '../image/image-reference.ts';
import { type Entry, IMAGES_ANNOTATION, parseEntries, parseEntry } from '../rollout/template-entries.ts';
import { deploymentOf } from '../rollout/workload.ts';
import { CONTAINER_LISTS, type ContainerList, type Pod } from './pod.ts';
import { type Fit, tagOf, tagOn } from './tag-for.ts';

/** On a pod: the name of the Image that counts, where several are for one repository. */
export const IMAGE_ANNOTATION = `${ANNOTATION_PREFIX}image`;

/** A container whose image changes. */
export interface Put {
  readonly list: ContainerList;
  readonly index: number;
  readonly image: string;
}

/** What admission does to a pod, and what it tells whoever creates it. */
export interface Puts {
  readonly puts: readonly Put[];
  readonly warnings: readonly string[];
}

/** The Images of the pod's namespace for a repository, by its {@link repositoryId}; `undefined` or none where there is none. */
export type ImagesFor = (repository: string) => readonly Image[] | undefined;

/**
 * Puts the Images' tags on the containers of `pod` that name their repositories. Doing it twice changes nothing.
 * @param before the pod as it was, on the update that adds ephemeral containers: only new ones of those are looked at
 */
export function putTags(pod: Pod, imagesFor: ImagesFor, before?: Pod): Puts {
  const annotations = pod.metadata?.annotations;
  const puts: Put[] = [];
  const warnings = new Set<string>();
  let entries: ReadonlyMap<string, Entry> | undefined;

  for (const list of CONTAINER_LISTS) {
    if (before !== undefined && list !== 'ephemeralContainers') continue;
    const containers = pod.spec?.[list] ?? [];
    for (let index = 0; index < containers.length; index++) {
      const container = containers[index]!;
      if (before?.spec?.[list]?.some(({ name }) => name === container.name)) continue;
      const reference = container.image === undefined ? undefined : readReference(container.image);
      if (container.image === undefined || reference === undefined) continue;
      const candidates = imagesFor(repositoryId(reference));
      if (candidates === undefined || candidates.length === 0) continue;
      const image = choose(candidates, annotations?.[IMAGE_ANNOTATION]);
      if (image === undefined) {
        warnings.add(tie(candidates, repositoryId(reference)));
        continue;
      }
      entries ??= parseEntries(annotations?.[IMAGES_ANNOTATION]);
      const to = tagOf(image, entries.get(image.name) ?? kept(image, pod));
      if (to === undefined) continue;
      const fit = tagOn(container.image, reference, to);
      if (fit.kind === 'put') puts.push({ list, index, image: fit.image });
      const warning = warningOf(fit, container.name, container.image, image.name, to.tag);
      if (warning !== undefined) warnings.add(warning);
    }
  }
  return { puts, warnings: [...warnings] };
}

/** The only one, or the one that the pod names; `undefined` for a tie. */
export function choose(candidates: readonly Image[], named: string | undefined): Image | undefined {
  return candidates.length === 1 ? candidates[0] : candidates.find(({ name }) => name === named);
}

/** What the pods of a workload that a person took out of the last rollout stay on, until the next. */
function kept(image: Image, pod: Pod): Entry | undefined {
  const rows = image.status.rollout?.workloads;
  const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (rows === undefined || owner === undefined) return undefined;
  const [kind, name] = owner.kind === 'ReplicaSet' ? ['Deployment', deploymentOf(owner.name)] : [owner.kind, owner.name];
  const keeps = rows.find((row) => row.keeps !== undefined && row.name === name && row.kind === kind)?.keeps;
  return keeps === undefined ? undefined : parseEntry(keeps);
}

function tie(candidates: readonly Image[], repository: string): string {
  const names = candidates.map(({ name }) => name).sort().join(', ');
  return cut(`kimup: several Images are for ${repository}, so none puts its tag; say which with the annotation ${IMAGE_ANNOTATION}: ${names}`);
}

/** The digest goes without a warning: whoever wrote one meant it. */
function warningOf(fit: Fit, container: string, own: string, image: string, tag: string): string | undefined {
  if (fit.kind !== 'left') return undefined;
  const stays = `kimup: container ${container} keeps ${own}`;
  switch (fit.because) {
    case 'higher': return cut(`${stays}: above ${tag}, the tag of Image ${image}`);
    case 'variant': return cut(`${stays}: another variant than ${tag}, the tag of Image ${image}`);
    case 'no-version': return cut(`${stays}: ${tag}, the tag of Image ${image}, is no version`);
    case 'digest':
    case 'other-repository': return undefined;
  }
}

/** The API server cuts warnings at 256 bytes itself, and from 4,096 in all shows none. */
function cut(warning: string): string {
  return warning.length <= 250 ? warning : `${warning.slice(0, 249)}…`;
}

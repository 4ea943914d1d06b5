import type { Container } from '../assignment/pod.ts';
import { pinned } from '../assignment/assign-tag.ts';
import type { Image } from '../image/image.ts';
import { type PinnedTag, formatPinnedTag } from '../reference/pinned-tag.ts';
import { parseImagesAnnotation } from '../assignment/images-annotation.ts';
import { pinnedTagIn, podsOf, type PodState, type Workload } from './workload.ts';
import type { WorkloadTags } from './workload-tags.ts';

/**
 * Whether any container of the workload's template would get another image at `to` than it gets now.
 * @param now what new pods get today: the tag that the template names, or the Image's; `undefined` for the manifest's own
 */
export function getsAnother(
  workload: Workload,
  tags: WorkloadTags,
  now: PinnedTag | undefined,
  to: PinnedTag,
): boolean {
  return workload.template.containers.some((container) => {
    if (container.image === undefined) return false;
    const then = tags.imageAt(container.image, to);
    if (then === undefined) return false;
    const today = (now && tags.imageAt(container.image, now)) ?? container.image;
    // The same tag, pushed anew: only the digests tell.
    return then !== today || (now?.digest !== undefined && to.digest !== undefined && now.digest !== to.digest);
  });
}

/**
 * What is missing until all pods of the workload are ready and carry the tag, in a sentence that names a pod;
 * `undefined` when nothing is.
 */
export function missing(
  workload: Workload,
  pods: readonly PodState[],
  tags: WorkloadTags,
  image: Image,
  to: PinnedTag,
  wanted: number,
): string | undefined {
  const rolled = rolledPods(workload, pods);
  // Its rules changed meanwhile, or its containers: that pods are well proves nothing of a tag that none of them gets.
  const left = tags.concernedBy(to) ? undefined : tags.leftAt(to);
  if (left !== undefined) return left.message;
  for (const pod of rolled) {
    const wrong = wrongContainer(workload, pod, tags, to);
    if (wrong !== undefined) {
      return `pod ${pod.name}: container ${wrong.name} runs ${wrong.image ?? 'no image'}, not ${formatPinnedTag(pinned(image, to))}: the pod was created without kimup's webhook (check that the API server can reach it)`;
    }
    if (!pod.ready) return `pod ${pod.name} is not ready${pod.trouble === undefined ? '' : `: ${pod.trouble}`}`;
  }
  return rolled.length < wanted ? `${rolled.length} of ${wanted} pods exist` : undefined;
}

/** Pods that were made from the template that names `to`, but do not carry it. */
export function unseenPods(
  workload: Workload,
  pods: readonly PodState[],
  tags: WorkloadTags,
  image: Image,
  to: PinnedTag,
): readonly PodState[] {
  return rolledPods(workload, pods).filter(
    (pod) => !pod.deleting && namesThe(pod, image, to) && wrongContainer(workload, pod, tags, to) !== undefined,
  );
}

/** Whether a pod of the workload runs an older tag than `to`, one that gives way to it, or another digest of it. */
export function runsOlder(workload: Workload, pods: readonly PodState[], tags: WorkloadTags, to: PinnedTag): boolean {
  return rolledPods(workload, pods).some((pod) =>
    workload.template.containers.some((container) => {
      if (container.image === undefined || tags.imageAt(container.image, to) === undefined) return false;
      const running = pod.containers.find((one) => one.name === container.name)?.image;
      if (running === undefined) return false;
      // The template names no digest, or kimup would leave it alone: the pod's, if it has one, is what kimup put.
      const [tagged = '', digest] = running.split('@');
      const fit = tags.fit(tagged, to);
      return (
        fit?.kind === 'put' ||
        (fit?.kind === 'equal' && digest !== undefined && to.digest !== undefined && digest !== to.digest)
      );
    }),
  );
}

/** The first trouble among the pods of the template's present revision: why a rollout is stuck. */
export function troubleOf(workload: Workload, pods: readonly PodState[], image: Image): string | undefined {
  const entry = pinnedTagIn(workload, image.name);
  const troubled = podsOf(workload, pods).find(
    (pod) => !pod.ready && pod.trouble !== undefined && namesThe(pod, image, entry),
  );
  return troubled === undefined ? undefined : `pod ${troubled.name}: ${troubled.trouble}`;
}

/** Pods that are not ready and were made for another tag than the template names now: a StatefulSet waits for them for ever. */
export function leftBehind(workload: Workload, pods: readonly PodState[], image: Image): readonly PodState[] {
  const entry = pinnedTagIn(workload, image.name);
  return rolledPods(workload, pods).filter((pod) => !pod.ready && !namesThe(pod, image, entry));
}

/** The pods that a change of the template replaces: a StatefulSet's partition keeps the ordinals below it. */
function rolledPods(workload: Workload, pods: readonly PodState[]): PodState[] {
  const own = podsOf(workload, pods);
  if (workload.partition === 0) return own;
  return own.filter((pod) => Number(pod.name.slice(pod.name.lastIndexOf('-') + 1)) >= workload.partition);
}

function wrongContainer(workload: Workload, pod: PodState, tags: WorkloadTags, to: PinnedTag): Container | undefined {
  for (const { name, image: asked } of workload.template.containers) {
    const expected = asked === undefined ? undefined : tags.imageAt(asked, to);
    if (expected === undefined) continue;
    const container = pod.containers.find((one) => one.name === name);
    if (container !== undefined && container.image !== expected) return container;
  }
  return undefined;
}

function namesThe(pod: PodState, image: Image, entry: PinnedTag | undefined): boolean {
  const own = parseImagesAnnotation(pod.imagesAnnotation).get(image.name);
  return own?.tag === entry?.tag && own?.digest === entry?.digest;
}

import { InputError } from '../../../application/plan/input-error.ts';
import type { ImageToPlan } from '../../../application/plan/plan-images.ts';
import type { Surroundings, WorkloadToPlan } from '../../../application/plan/plan-workloads.ts';
import type { Annotations } from '../../../domain/assignment/scope.ts';
import { IMAGES } from '../client/resource.ts';
import { manifestsIn } from './documents.ts';
import { imageIn, isImage } from './image-manifests.ts';
import { namespaceIn, workloadIn } from './workload-manifests.ts';

const MOST_PROBLEMS = 20;

/** What a file says that `kimup plan` can use. */
export interface Manifests extends Surroundings {
  readonly images: readonly ImageToPlan[];
}

/**
 * The Images, workloads and namespaces in a file of YAML or JSON: one or more documents, Lists of objects too. Objects of other
 * kinds are passed over, so that a whole folder's output can be given. What an Image leaves out gets the API server's defaults.
 * @param file its name, for errors
 * @throws InputError that names line and field of what the API server would refuse
 */
export function readManifests(text: string, file: string): Manifests {
  const images: ImageToPlan[] = [];
  const workloads: WorkloadToPlan[] = [];
  const namespaces = new Map<string, Annotations>();
  const problems: string[] = [];
  for (const manifest of manifestsIn(text, file)) {
    for (const found of isImage(manifest.value) ? imageIn(manifest, file) : [workloadIn(manifest, file)]) {
      if (found instanceof InputError) problems.push(found.message);
      else if (found !== undefined && 'image' in found) images.push(found);
      else if (found !== undefined) workloads.push(found);
    }
    const namespace = namespaceIn(manifest.value);
    if (namespace !== undefined) namespaces.set(namespace.name, namespace.annotations);
  }
  if (problems.length > 0) {
    const more = problems.length - MOST_PROBLEMS;
    throw new InputError(
      [...problems.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`${file}: and ${more} more`] : [])].join('\n'),
    );
  }
  return { images, workloads, namespaces };
}

/** That there is no Image in these files, to plan for. */
export function noImage(files: readonly string[]): InputError {
  const [file = '', ...more] = files;
  return new InputError(
    `${more.length === 0 ? file : files.join(', ')}: ${more.length === 0 ? 'contains no Image' : 'none of them contains an Image'} (apiVersion ${IMAGES.group}/${IMAGES.version}, kind Image)`,
  );
}

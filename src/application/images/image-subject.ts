import type { Image } from '../../domain/image/image.ts';
import type { EventSubject } from '../ports/event-recorder.ts';

/** The Image as what an event is about. */
export function imageSubject({ namespace, name, uid }: Image): EventSubject {
  return { apiVersion: 'kimup.cloudavenue.io/v1alpha1', kind: 'Image', namespace, name, uid };
}

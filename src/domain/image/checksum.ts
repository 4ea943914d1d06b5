/**
 * Says in eight hexadecimal digits which `image` and `baseTag` something was written for (FNV-1a, 32 bits): enough to tell
 * a restored backup from a copy that was edited, and no secret.
 */
export function checksumOf({ image, baseTag }: { readonly image: string; readonly baseTag: string }): string {
  let hash = 0x811c9dc5;
  for (const character of `${image} ${baseTag}`) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

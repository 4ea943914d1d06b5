/** Bounds of what a registry or a workload says, characters. */
export const TAG_LENGTH = 128,
  DIGEST_LENGTH = 256,
  MESSAGE_LENGTH = 4096;

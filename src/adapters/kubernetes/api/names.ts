/** RFC 1123 subdomain: the name of a Secret, a ConfigMap, an AlertConfig. */
export const NAME = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/;

/** The key of a Secret's or ConfigMap's data. */
export const DATA_KEY = /^[-._a-zA-Z0-9]+$/;

/** A tag, distribution spec, "Pulling manifests". */
export const TAG = '^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$';

/** Longest name of a Kubernetes object. */
export const NAME_LENGTH = 253;

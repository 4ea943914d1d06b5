/** kimup's two components. */
export const COMPONENTS = ['operator', 'controller'] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/** Where both are installed. */
export const NAMESPACE = 'kimup-operator';

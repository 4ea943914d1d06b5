// Not a module on purpose: a layer's tsconfig maps every package that the layer may not use to this file,
// so that importing one is a compile error (TS2306) that names this path.

// A load generator for the benches. Nothing here is shipped.
module kimup.test/parts/load

go 1.26.0

// A part of the local test cluster; built by test/cluster. Nothing here is shipped.
module kimup.test/parts/whoami

go 1.26.0

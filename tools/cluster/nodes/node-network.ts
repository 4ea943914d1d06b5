// Where things are in the network of a real node.

/** The node's address, the API server's, the registry's and the pods' gateway: the bridge's own. */
export const NODE_ADDRESS = '10.244.0.1';
export const POD_RANGE = '10.244.0.0/24';
/** The registry, as pods' images name it. */
export const NODE_REGISTRY = `${NODE_ADDRESS}:5000`;

/**
 * Folders that kubelet, containerd, runc and the CNI plugins write to wherever their state is said to be: each node has
 * its own, which are gone with its mount namespace. Then the network: a bridge is the node's one interface.
 */
export const NODE_SET_UP = `
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /var/log
ip link set lo up
ip link add cni0 type bridge
ip addr add ${NODE_ADDRESS}/24 dev cni0
ip link set cni0 up
ip route add default dev cni0
echo 1 > /proc/sys/net/ipv4/ip_forward
`;

// nsinit lives in the namespaces of a test cluster.
//
//	nsinit                        as process 1: reaps orphans (a dead containerd shim stays a zombie otherwise) and holds
//	                              the namespaces; the kernel ends everything in them when it is killed
//	nsinit forward FROM TO ...    passes connections on, pair by pair; an address is unix:PATH or tcp:HOST:PORT
//
// Unix sockets are files, so they cross network namespaces: that is how the host reaches the API server in here.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) > 3 && os.Args[1] == "forward" {
		for i := 2; i+1 < len(os.Args); i += 2 {
			go forward(os.Args[i], os.Args[i+1])
		}
		select {}
	}
	reap()
}

func reap() {
	ended := make(chan os.Signal, 16)
	signal.Notify(ended, syscall.SIGCHLD)
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	for {
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
		<-ended
	}
}

func forward(from, to string) {
	network, address, _ := strings.Cut(from, ":")
	listener, err := net.Listen(network, address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("forwarding", from, "to", to)
	for {
		client, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go pass(client, to)
	}
}

type halfCloser interface{ CloseWrite() error }

func pass(client net.Conn, to string) {
	defer client.Close()
	network, address, _ := strings.Cut(to, ":")
	server, err := net.Dial(network, address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer server.Close()
	done := make(chan struct{}, 2)
	copyOneWay := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = to.(halfCloser).CloseWrite()
		done <- struct{}{}
	}
	go copyOneWay(server, client)
	go copyOneWay(client, server)
	<-done
	<-done
}

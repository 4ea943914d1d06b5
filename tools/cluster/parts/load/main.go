// load sends the same HTTPS POSTs again and again over a few connections, each sending its next request when the last
// one is answered, for a bounded time, and prints what came of it as one JSON object. Only to loopback.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"
)

type result struct {
	Requests  int     `json:"requests"`
	Errors    int     `json:"errors"`
	PerSecond float64 `json:"perSecond"`
	P50ms     float64 `json:"p50ms"`
	P99ms     float64 `json:"p99ms"`
	MaxMs     float64 `json:"maxMs"`
}

func main() {
	target := flag.String("url", "", "https://127.0.0.1:PORT/PATH")
	bodies := flag.String("bodies", "", "a JSON array of bodies, sent in turn")
	connections := flag.Int("connections", 8, "connections")
	seconds := flag.Float64("seconds", 5, "how long (at most 60)")
	flag.Parse()
	address, err := url.Parse(*target)
	check(err)
	ip := net.ParseIP(address.Hostname())
	if ip == nil || !ip.IsLoopback() || *seconds > 60 || *connections > 256 {
		check(fmt.Errorf("only loopback, 60 s and 256 connections at the most"))
	}
	text, err := os.ReadFile(*bodies)
	check(err)
	var list []json.RawMessage
	check(json.Unmarshal(text, &list))
	requests := make([][]byte, len(list))
	for i, body := range list {
		requests[i] = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", address.RequestURI(), address.Host, len(body), body)
	}

	var group sync.WaitGroup
	latencies := make([][]time.Duration, *connections)
	errors := make([]int, *connections)
	began := time.Now()
	end := began.Add(time.Duration(*seconds * float64(time.Second)))
	for worker := range *connections {
		group.Go(func() {
			connection, err := tls.Dial("tcp", address.Host, &tls.Config{InsecureSkipVerify: true})
			check(err)
			defer connection.Close()
			reader := bufio.NewReaderSize(connection, 16<<10)
			for i := worker; time.Now().Before(end); i++ {
				sent := time.Now()
				_, err := connection.Write(requests[i%len(requests)])
				check(err)
				response, err := http.ReadResponse(reader, nil)
				check(err)
				_, err = io.Copy(io.Discard, response.Body)
				check(err)
				response.Body.Close()
				if response.StatusCode != http.StatusOK {
					errors[worker]++
				}
				latencies[worker] = append(latencies[worker], time.Since(sent))
			}
		})
	}
	group.Wait()
	took := time.Since(began).Seconds()
	all := slices.Concat(latencies...)
	slices.Sort(all)
	at := func(share float64) float64 { return float64(all[int(share*float64(len(all)-1))].Microseconds()) / 1000 }
	sum := 0
	for _, count := range errors {
		sum += count
	}
	check(json.NewEncoder(os.Stdout).Encode(result{Requests: len(all), Errors: sum, PerSecond: float64(len(all)) / took, P50ms: at(0.5), P99ms: at(0.99), MaxMs: at(1)}))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// whoami is the small web server that tests and the demo update: any GET is answered with $VERSION.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, os.Getenv("VERSION")) })
	go func() {
		server := http.Server{Addr: ":" + port, ReadHeaderTimeout: 5 * time.Second}
		log.Fatal(server.ListenAndServe())
	}()
	log.Printf("whoami %s listens on :%s", os.Getenv("VERSION"), port)
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
}

// External Secrets' controllers, without webhook and certificate controller: nothing here asks for a conversion.
package main

import "github.com/external-secrets/external-secrets/cmd/controller"

func main() {
	controller.Execute()
}

/*
 * /usr/local/bin/node of the image: executes Node.js without the variables and the signal by which others
 * could run code in it. Elsewhere src/launcher/memwarden does this, but the image has no shell. Every program
 * that Docker or Kubernetes starts in the container, health checks included, has its capabilities, so all of
 * them come through here. Linked statically, so that LD_PRELOAD has no effect on this program itself.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef NODE
#define NODE "/usr/local/lib/memwarden/node"
#endif

extern char **environ;

/*
 * These make Node.js, libuv, OpenSSL, gRPC, the YAML library and the C library run code, open ports, write
 * files, trust other certificates or print secrets.
 */
static const char *const taken_over[] = {"NODE_", "OPENSSL_",	     "UV_",
					 "GRPC_", "LOG_TOKENS=",     "LOG_STREAM=",
					 "LD_",	  "GLIBC_TUNABLES=", "GCONV_PATH="};

static int is_taken_over(const char *variable)
{
	for (size_t i = 0; i < sizeof(taken_over) / sizeof(taken_over[0]); i++)
		if (strncmp(variable, taken_over[i], strlen(taken_over[i])) == 0)
			return 1;
	return 0;
}

int main(int argc, char *argv[])
{
	char **arguments = calloc((size_t)argc + 2, sizeof(*arguments));
	char **kept = environ;

	if (arguments == NULL)
		return 127;
	/* opens Node.js's inspector; ignored here, until Node.js blocks it because of the option below */
	signal(SIGUSR1, SIG_IGN);
	for (char **variable = environ; *variable != NULL; variable++)
		if (!is_taken_over(*variable))
			*kept++ = *variable;
	*kept = NULL;

	arguments[0] = (char *)NODE;
	arguments[1] = (char *)"--disable-sigusr1";
	for (int i = 1; i < argc; i++)
		arguments[i + 1] = argv[i];
	execv(NODE, arguments);
	fprintf(stderr, "memwarden: failed to start %s: %s\n", NODE, strerror(errno));
	return 127;
}

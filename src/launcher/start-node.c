/*
 * /usr/local/bin/node of the image: becomes Node.js, closed to those who may set the environment or send
 * signals. The image has no shell that could do it (src/launcher/memwarden does elsewhere), and every program that
 * Docker or Kubernetes starts there, health checks included, has the capabilities of the container. Linked
 * statically: LD_PRELOAD reaches nothing.
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
 * With these Node.js, libuv, OpenSSL, gRPC, the library for YAML and the C library run code, open ports,
 * write files, trust others or print secrets.
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
	/* opens Node.js's inspector; ignored until Node.js, because of the option below, blocks it before all
	 * else */
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

"""How the web server runs: two processes of threads, nothing written outside the project."""

import multiprocessing
import os

workers = int(os.environ.get("WEB_CONCURRENCY", min(4, multiprocessing.cpu_count())))
worker_class = "gthread"
threads = 4
preload_app = True  # the libraries are read once, before the processes part
timeout = 60
graceful_timeout = 10
keepalive = 15
control_socket_disable = True  # it would be written into the home folder
accesslog = None
errorlog = "-"
loglevel = "warning"

import logging, sys
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(module)s %(lineno)d %(funcName)s %(message)s")
logging.getLogger("a.b").info("to stderr %d", 5)
logging.warning("root")

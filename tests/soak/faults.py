"""What goes wrong during a round: something is killed, or the disk is full, at random moments."""

import time

from link import Violation


class Faults:
    def __init__(self, world, random, kinds):
        self.world, self.random, self.kinds = world, random, kinds
        self.count = {kind: 0 for kind in kinds}

    def run(self, until):
        """Until then; leaves a server that runs and a disk with room behind."""
        if not self.kinds:
            return
        while True:
            pause = self.random.uniform(0.2, 1.0)
            if time.monotonic() + pause >= until:
                return
            time.sleep(pause)
            kind = self.random.choice(self.kinds)
            if getattr(self, kind)(until):
                self.count[kind] += 1

    def server(self, until):
        self.world.kill()
        time.sleep(self.random.choice((0, 0.05)))
        self.world.start()
        return True

    def worker(self, until):
        workers = self.world.workers()
        if not workers:
            return False
        self.world.worker_kills += 1
        return self.world.end_process(self.random.choice(workers))

    def zygote(self, until):
        zygotes = self.world.zygotes()
        if not zygotes:
            return False
        self.world.zygote_kills += 1
        return self.world.end_process(self.random.choice(zygotes))

    def disk(self, until):
        self.world.disk.fill(self.world.process.pid)
        try:
            end = min(until, time.monotonic() + self.random.uniform(0.3, 2))
            while time.monotonic() < end:
                self.world.disk.top_up()
                time.sleep(0.02)
        finally:
            self.world.disk.free()
        return True

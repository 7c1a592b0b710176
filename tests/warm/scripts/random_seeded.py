import random
random.seed(7)
print(random.random(), random.randint(0, 99), random.sample(range(50), 4))

from hyperenergy.cli import main

main()
